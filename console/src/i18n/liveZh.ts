/** Words of the live picture: in a panel, and the wall of several. */
export const liveZh = {
  title: "现场画面", open: "看现场画面", close: "收起", screen: "现场画面", ofUnit: (name: string) => `${name} 的现场画面`,
  live: "实况", delay: (s: string) => `延迟 ${s}`, delayNote: "从拍摄到显示，按记录仪的拍摄时间与网关时钟计算", behind: (s: string) => `画面落后于声音 ${s}`,
  delayUnknown: "延迟未知", delayUnknownNote: "记录仪的时钟未设置，或与到达时间不符：拍摄时间为估计值",
  stillAge: (s: string) => `${s} 前的画面`, stillAgeNote: "从拍摄到现在，按记录仪的拍摄时间与网关时钟计算",
  noPictureFor: (s: string) => `${s} 没有新画面`, waiting: "等待第一幅画面…", soundOnly: "只传声音", nothing: "记录仪没有传回", offline: "记录仪离线", consoleOld: "控制台与网关失去联系，画面已旧",
  link: { first: "正在接通…", lost: "连接中断，正在重连", slow: "本机接收太慢，已被网关断开，正在重连", crowded: "网关未接受（同看人数可能已满），正在重试", quiet: "网关没有消息", session: "登录已失效，请重新登录", rights: "您无权查看这台记录仪" },
  and: (one: string, other: string) => `${one}，${other}`, tried: (n: number) => `第 ${n} 次`,
  mode: { full: "连续画面", stills: "静态画面", sound: "只有声音", off: "未传回" },
  why: { thin_link: "线路窄", chosen: "人工选择", offline: "记录仪离线", refused: "记录仪拒绝", slow_viewer: "本机接收慢" },
  viewers: (n: number) => `${n} 人在看`, watchedBy: (names: string) => `正在观看：${names}`, dropped: (n: number) => `略过 ${n} 幅`, dropping: "本机或线路太慢，正在略过画面", rate: (kb: string) => `${kb} KB/s`,
  recording: "正在录像", notRecording: "未录像", bad: (n: number) => `${n} 幅无法解码，已略过`, badSounds: (n: number) => `${n} 段声音无法解读，已略过`, huge: "画面尺寸超出限度，未解码",
  profile: "传输", profiles: { auto: "自动", full: "连续画面", small: "小画面", stills: "静态画面", sound: "只要声音" }, refused: (why: string) => `未能照办：${why}`, refusedTranscodes: "转码路数已满", slow: "本机接收慢，已改要小画面",

  listen: "收听", listening: "正在收听", listeningNothing: "收听中，无声音", mute: "停止收听", soundUntested: "声音未试，点此试音", soundRefused: "浏览器不允许发声，点此再试", elsewhere: "另一窗口在收听", otherUnit: "未收听",
  level: "声音强度", loud: "响", voice: "有声", quiet: "安静", noSound: "没有声音传来", volume: "现场音量", volumeBrief: "音量",

  still: "抓拍", stillNote: "存入事件附件，文件名含记录仪与拍摄时间（F10）", stillNoIncident: "没有事件，不能存入", stillNone: "还没有画面", stillFull: "附件已满", full: "全屏", fullNote: "全屏（F6）", leaveFull: "退出全屏", listenNote: "收听 / 停止（F7）",

  wall: "实况", wallTitle: "实况墙", wallNote: "告警自动出现，在看的不挪位", arrangement: "画面数", add: "添加记录仪", addPlaceholder: "编号 / 姓名", remove: (name: string) => `移除 ${name}`, empty: "空位", emptyWall: "选择要看的记录仪；有告警的自动出现。",
  noMatch: "没有匹配的在线记录仪", alarmed: "告警", onlyAlarms: "只看告警", chosen: (n: number, most: number) => `已选 ${n} / ${most}`, more: (n: number) => `还有 ${n} 台未显示`, place: (n: number) => `第 ${n} 格`,
  helpTitle: "现场画面", helpFull: "全屏 / 退出", helpListen: "收听 / 停止收听", helpStill: "抓拍存入事件", helpDigits: "实况墙：收听第几格",
};
