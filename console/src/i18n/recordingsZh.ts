/** Words of recordings: their list, one of them, and its player. */
export const recordingsZh = {
  title: "录像", shown: (n: number, more: boolean) => more ? `已列出 ${n} 段，还有更早的` : `共 ${n} 段`,
  none: "没有符合条件的录像", noneHere: "没有录像", listFull: (n: number) => `已列出 ${n} 段。请用筛选缩小范围。`,
  column: { time: "开始时间", officer: "人员", unit: "记录仪", court: "所属法院", caseNo: "案号", length: "时长", state: "状态", parts: "已封存 / 分段", size: "大小", incidents: "事件", held: "保全" },
  fUnit: "记录仪（完整编号）", fIncident: "事件号", fHeld: "保全", held: "已保全", notHeld: "未保全",
  state: { recording: "接收中", wanted: "待补传", complete: "完整", incomplete: "不完整", deleted: "已到期删除" },
  missing: "没有这段录像，或您无权查看。", failed: "录像信息未能取得", export: "导出", exportNote: "原始文件、清单、公钥、时间线与说明，打包为 zip", exportReason: "用途（记入审计与导出件）", exportCopies: "附可播放的副本（MP4）", exportNow: "导出并下载", exportIncident: "导出录像",

  facts: "概况", began: "开始", length: "时长", officer: "佩戴人", incidents: "所属事件", clock: "设备时钟", recordingId: "录像编号", heard: "最后收到", unknownTime: "设备当时未校时，按收到的时间排列",

  parts: "分段", part: (n: number) => `第 ${n} 段`, partsCount: (n: number) => `${n} 段`,
  partColumn: { number: "段", state: "状态", time: "时间", size: "大小", came: "到达方式", dropped: "丢帧", flags: "标记", proof: "核验" },
  partState: { growing: "接收中", wanted: "待补传", sealed: "已封存", deleted: "已删除", absent: "没有收到" },
  how: { live: "实时传回", backfilled: "事后补传", missing: "缺失" },
  share: (live: string, later: string, missing: string) => `实时 ${live} · 补传 ${later} · 缺失 ${missing}`,
  flag: { cut: "断电截止", pre_event: "含事前", last: "最后一段", alarmed: "告警中" }, foreign: "非本系统设备的文件", remote: "对象存储",
  dropped: (pictures: number, sounds: number) => `图 ${pictures} · 声 ${sounds}`, noneDropped: "无",
  timeline: "时间轴", lane: "传输情况与标记", alarmAt: (at: string) => `告警 ${at}`, markAt: (at: string) => `标记 ${at}`, marks: (n: number) => `标记 ${n} 处`,

  verify: "核验", verifying: "正在核验…", verifyNote: "重新读取并计算每个文件的哈希，核对签名与链", verified: (n: number) => `${n} 段全部无误`, verifiedBad: (bad: number, n: number) => `${n} 段中有 ${bad} 段有问题`,
  nothingProven: "还没有可以核验的分段", checkedAt: (at: string) => `核验于 ${at}`, ok: "无误", unproven: "尚无清单", unprovenCount: (n: number) => `${n} 段尚无清单，暂不能核验`,
  fault: { changed: "内容被改动", cut_tail: "尾部缺失", longer: "多出内容", missing: "文件缺失", missing_before: "前面缺段", no_end: "没有结尾", added: "多出的分段", doubled: "重复的分段",
    reordered: "次序不对", unreadable: "无法读取", wrong_key: "公钥不符", bad_signature: "签名不符", chain_broken: "链断开", clock_step: "时钟跳变", clock_wrong: "时钟有误", overlap: "时间重叠" },

  hold: "保全", release: "解除保全", holdReason: "保全理由", releaseReason: "解除理由", holds: "保全记录", noHolds: "没有保全",
  holdNote: "保全之后不论多久都不会删除；只有管理员能解除。", heldSince: (who: string, at: string) => `${who} 于 ${at} 保全`, releasedBy: (who: string, at: string) => `${who} 于 ${at} 解除`,

  player: "播放器", screen: "画面", play: "播放", pause: "暂停", speed: "速度", stepBack: "上一帧", stepOn: "下一帧", back: "后退 5 秒", on: "前进 5 秒", at: "播放位置", toLive: "跳到最新",
  before: "上一个标记", after: "下一个标记", volume: "音量", mute: "静音", unmute: "取消静音", noSound: "没有声音输出", silentFast: "4 倍速时无声", keys: "空格 播放/暂停 · ← → 5 秒 · , . 逐帧",
  loading: "正在读取…", waiting: "等待设备传回…", end: "已到结尾", gapSkipped: (s: string) => `跳过了没有收到的 ${s}`, noPicture: "此时没有画面", soundOnly: "只有声音", empty: "还没有可以播放的内容",
  broken: (part: string) => `${part}：内容不是设备写出的格式，从此处跳到下一段`, badPictures: (n: number) => `${n} 帧画面无法解码，已略过`, hugePicture: "画面尺寸超出限度，未解码", unreadable: (part: string) => `${part} 暂时读取不了`, foreignPart: (part: string) => `${part} 不是本系统设备的文件，只保存、不播放`,
  deletedAll: "保存期已过，文件已删除；登记与清单仍在", place: "当时位置", noPlace: "此时没有定位", placeAt: (at: string) => `${at} 的定位`, fit: "看全程", trackFailed: "轨迹未能取得",
};
