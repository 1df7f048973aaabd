/** Words of the talk with an officer. */
export const talkZh = {
  title: "喊话", open: "喊话", listenOnly: "只听：无人喊话", connecting: "正在接通喊话…", link: { lost: "喊话通道中断，正在重连", crowded: "网关未接受（打开的喊话可能已满），正在重试", session: "登录已失效，请重新登录", rights: "您无权对这台记录仪喊话" }, stale: "控制台与网关失去联系，不能喊话",
  opening: "正在打开麦克风…", asking: "正在接通，请稍候再说…", you: "您正在喊话", youCall: "您正在通话", youElsewhere: "您在另一窗口喊话", other: (name: string) => `${name} 正在喊话`,
  hold: "按住喊话", holdAloud: "按住外放喊话", letGo: "松开结束", call: "通话", hangUp: "结束通话",
  silentNow: "静默告警：喊话不发声。按“允许外放”或 Shift+空格才会响，可能暴露人员。",
  keptSilent: "没有发声。", arm: "允许外放", armNote: "扬声器会响，可能暴露人员", armed: "已允许 15 秒", aloudNow: "正在外放：记录仪扬声器正在发声",
  handOver: "转交", handOverTo: "转交给", hasLeft: (name: string) => `${name} 已离开`, nobodyElse: "没有其他人打开此喊话", offered: (name: string) => `${name} 将喊话转交给您`, offeredTo: (from: string, to: string) => `${from} 已将喊话转交给 ${to}`, take: "接过来",
  busy: (name: string) => `${name} 正在喊话，请稍候`, dropped: (n: number) => `本次有 ${n} 个语音包迟到被丢弃（每包 20 毫秒）`,
  why: { offline: "记录仪离线，无法喊话", no_speaker: "这台记录仪没有扬声器", no_link: "网关连不上消息服务器，喊话送不出去", silent: "告警转为静默，喊话已结束", not_fed: "语音没有及时送达，喊话已结束", too_long: "已到最长时间，请重新开始", too_fast: "语音来得过快，部分被丢弃", absent: "对方没有打开此喊话", not_talking: "您没有在喊话", not_stored: "喊话未能登记，请重试", busy: "有人正在喊话" } as Record<string, string>,
  mic: { insecure: "浏览器只在 https 下允许使用麦克风：请用 https 地址打开控制台", denied: "浏览器未获准使用麦克风：请在地址栏左侧的网站设置中允许，再试一次", none: "没有找到麦克风：请接好耳麦，再试一次", busy: "麦克风被其他程序占用：请关闭它，再试一次", failed: "麦克风打不开：请检查系统的声音设置" },
  note: "按住说话，松开结束（空格）· 喊话时现场声音暂停传回 · 每次喊话均录音留存",
  file: "下载", fileOf: (name: string) => `下载 ${name} 的喊话录音`, playOf: (act: string, name: string) => `${act}：${name} 的喊话`, position: "播放位置",
  playFault: { gone: "没有留存录音", damaged: "录音与登记的校验值不符，请告知管理员", unreadable: "录音无法识别", failed: "未能取得录音，请重试", mute: "浏览器不允许发声：请先试音" },
  list: "喊话记录", listNone: "还没有喊话", column: { time: "开始", by: "喊话人", length: "时长", how: "方式", ended: "结束", incident: "事件", sound: "录音" }, how: { push: "按住喊话", call: "通话" }, goesOn: "正在进行", notKept: "未留存", helpTitle: "喊话", helpHold: "按住喊话，松开结束", helpAloud: "静默告警时外放喊话（扬声器会响）",
  fact: { lasted: "时长", talk_dropped: "丢弃", aloud: "外放", ended: "结束" }, lasted: (s: string) => `${s} 秒`, packets: (n: number) => `${n} 包`, aloudFact: "静默告警中选择外放",
  ended: { released: "说完", handed_over: "转交", not_fed: "语音中断", too_long: "到最长时间", left: "关闭页面或断线", session: "登录结束", offline: "记录仪离线", no_link: "消息服务器断线", silent: "告警转为静默", restart: "网关重启" } as Record<string, string>,
};
