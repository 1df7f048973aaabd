/** Words of the page of stream keys. */
export const keysZh = {
  title: "视频流密钥", note: "供视频墙、录像机等以 RTSP 观看。密钥代表您本人：只能看您此刻有权看的记录仪，每次观看都记入审计。",
  off: "网关没有开启 RTSP（设置 rtsp.enabled）。密钥可以先做，开启后才能使用。", onlyHere: "RTSP 只在网关本机监听（设置 rtsp.host），其他机器暂时连不上。",
  make: "新密钥", makeAct: "生成密钥", purpose: "用途", purposeHint: "如：指挥大厅视频墙 2 号", days: "有效天数", unit: "限记录仪", unitHint: "留空：您能看的全部", unitAll: "全部",
  made: "密钥已生成，只显示这一次。请立即复制到对方系统；丢失后只能吊销重做。", address: "播放地址", addressOf: "查看哪台的地址", copy: "复制", copied: "已复制", copyFailed: "浏览器不允许复制，请手工选取", done: "已抄好，收起", unknownUnit: "编号", portUnknown: "端口由网关启动时选定，见其日志（rtsp_ready）。", h264: "加 ?codec=h264 得到 H.264（路数有限）。",
  list: "密钥", none: "还没有密钥", column: { purpose: "用途", by: "何人", unit: "记录仪", created: "生成", ends: "到期", state: "状态" },
  state: { holds: "有效", ended: "已到期", revoked: "已吊销" }, revoke: "吊销", revokeSure: "确认吊销", revokeOf: (name: string) => `吊销 ${name}`, revokeNote: "五秒内断开正在用它观看的系统",
};
