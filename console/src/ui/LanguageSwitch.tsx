import { language } from "../i18n";
import { useStore } from "../stores";

export function LanguageSwitch() {
  const now = useStore(language);
  return (
    <button type="button" class="pill language" lang={now === "zh" ? "en" : "zh-CN"} onClick={() => language.set(now === "zh" ? "en" : "zh")}
      aria-label={now === "zh" ? "中 / EN · Switch to English" : "中 / EN · 切换到中文"}>
      <span class={now === "zh" ? "chosen" : ""}>中</span> / <span class={now === "en" ? "chosen" : ""}>EN</span>
    </button>
  );
}
