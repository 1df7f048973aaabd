/** Words of the pages beside the desk: incidents, one incident, devices, one device. */
export const pagesZh = {
  filters: "筛选", clearFilters: "清除筛选", allOf: "全部", csv: "导出 CSV", csvNote: "按当前筛选导出，最多 10,000 行",
  fText: "搜索", fTextHint: "人员 / 编号 / 案号 / 事件号", fState: "状态", fCourt: "法院（含下级）", fOfficer: "人员", fUnit: "记录仪", fCase: "案号",
  fKind: "类型", fFrom: "从", fTo: "到", fWhen: "时间（北京）",
  quick: { "24h": "24 小时", "7d": "7 天", "30d": "30 天" },
  incidentState: { all: "全部", open: "未结束", closed: "已结束" },
  incidents: "事件", incidentsShown: (n: number, more: boolean) => more ? `已列出 ${n} 起，还有更早的` : `共 ${n} 起`,
  column: { time: "时间", officer: "人员", unit: "记录仪", court: "所属法院", kind: "类型", caseNo: "案号", state: "状态",
    acknowledged: "确认人与用时", owner: "受理法院", duration: "持续" },
  showOlder: "列出更早的", listFull: (n: number) => `已列出 ${n} 起。请用筛选缩小范围。`, noIncidents: "没有符合条件的事件",
  listFailed: "列表未能取得", listKeys: "↑ ↓ 移动，Enter 打开", within: (time: string) => `用时 ${time}`, ended: "已结束",
  addedLive: "实时更新", attachmentsShort: (n: number) => `附件 ${n}`,

  devices: "设备", devicesShown: (n: number, all: number) => n === all ? `共 ${all} 台` : `${n} / ${all} 台`,
  unitState: { online: "在线", offline: "离线", never: "从未上线" },
  deviceColumn: { state: "状态", unit: "编号", officer: "人员", court: "法院", caseNo: "案号", battery: "电量", signal: "信号", storage: "剩余存储",
    firmware: "固件", seen: "最近联系", offset: "时钟偏差", dropped: "丢失", recording: "录制 / 画面", certificate: "证书到期" },
  fDeviceHint: "编号 / 人员 / 案号 / 法院", fBattery: "电量不高于 %", fFirmware: "固件（开头）", fFault: "异常",
  fault: { any: "任一异常", battery: "电量低", signal: "信号弱", storage: "存储不足", clock: "时钟", picture: "画面异常", drops: "有丢失", error: "有错误",
    certificate: "证书将到期", revoked: "已吊销", unregistered: "未登记" },
  revoked: "已吊销", notSet: "未校时", noDevices: "没有符合条件的设备", sortBy: (what: string) => `按${what}排序`,

  openWhole: "打开完整事件", backToList: "返回列表", showOnDesk: "在态势图上看", report: "报告", print: "打印", incidentMissing: "没有这起事件，或您无权查看。",
  handler: "处理人", handOver: "交接", handOverTo: "交接给", choosePerson: "请选择在席的调度员", notLive: "未在席", noOneLive: "没有其他在席的调度员",
  handOverNote: "交接说明", peopleFailed: "暂时无法取得人员名单", takeOver: "接手", takeOverMine: "由我接手", withdrawHandOver: "撤回交接",
  handOverStrip: (to: string, by: string, at: string) => `待 ${to} 接手（${by} 于 ${at} 提出）。接手之前仍由原处理人负责。`,
  handOverToYou: "交接给您", handOverWaits: "待接手", handOverFrom: (by: string) => `${by} 请您接手`, look: "查看",
  handlerNow: (who: string, since: string) => `处理人 ${who}（自 ${since}）`,

  mergeTitle: "是否同一事件？", mergeWhy: (apart: string, time: string) => `两处告警相距 ${apart}，先后相差 ${time}`, mergeWhyNoPlace: (time: string) => `其中一处没有定位，先后相差 ${time}`,
  mergeKeep: "保留此起，并入另一起", mergeSure: (id: string) => `确认：并入 ${id}，不可撤销`, notSame: "不是同一事件", notSameNote: (id: string) => `不是同一事件：${id}`,
  mergeThis: "本事件", mergeOther: "另一事件", mergeEarlier: "较早", candidatesWhy: "理由", courtLevel: "级别", answerWas: "答复",

  attachments: "附件", attachmentCount: (n: number, most: number) => `${n} / ${most}`, attach: "选择文件", attachHint: "或将文件拖到此处、直接粘贴",
  attachLimits: "JPEG、PNG、WebP、PDF、纯文本、WAV、MP4；每个不超过 20 MiB，每起事件不超过 50 个。传入后不可删改，哈希记入事件日志。",
  attachTooLarge: (size: string) => `超过 20 MiB（${size}）`, attachWrongType: "不接受这种文件", attachEmpty: "文件是空的", attachTooMany: "已满 50 个", attachStop: "停止", attachStopped: "已停止",
  attachNone: "没有附件", attachDone: "已存入", attachClosed: "事件已结束，不能再加附件。", sha256: "SHA-256", dropHere: "松开以上传", fileName: "文件", fileSize: "大小", fileBy: "上传人", download: "下载",

  record: "经过", serverClockShort: "服务器时间", deviceClockShort: "设备时间", whatHappened: "事项", byWhom: "何人", everyPosition: "显示每次定位", detailsOf: "依据",
  rankingAsItWas: "为何是这家法院", notes: "备注",

  replay: "回放", replayToNow: "更新到现在", replayPlay: "播放", replayPause: "暂停", replaySpeed: "速度", replayAt: "回放时刻", replayFailed: "回放数据未能取得", replayThinned: "定位点过多，已均匀抽稀",
  replayUnits: (members: number, near: number) => `本事件 ${members} 台，附近 ${near} 台`, replayBefore: "告警之前", replayTicks: "时间线上的事项", replayMap: "事件回放地图", replayEmpty: "这段时间没有定位",
  replayTo: (what: string, at: string) => `跳到 ${at} ${what}`, replayNoFix: "此时还没有定位",

  deviceFacts: "概况", deviceCounters: "计数（自本次启动）", noCounters: "没有计数", lastError: "最近错误", uptime: "运行时间", boots: "启动次数", clockOffset: "时钟偏差", dropped: "丢失",
  certificateEnds: "证书到期", recentIncidents: "最近事件", noRecent: "没有记录", trackOnDesk: "在态势图上看轨迹", noSuchDevice: "没有这台设备，或您无权查看。",
  testAlarm: "测试告警", testAlarmSure: "确认发出测试告警", setCase: "设置案号", clearCase: "清除案号", commands: "指令", commandsNote: "指令送达后五分钟内有效，结果见设备状态。",
  counter: { reconnects: "重新连接", publishes_failed: "发布失败", inbound_refused: "拒收指令", fixes_dropped: "丢弃的定位", nmea_refused: "无效的定位语句", task_restarts: "任务重启",
    journal_torn_bytes: "日志残损字节", events_dropped: "丢弃的事件", clock_steps: "时钟跳变", journal_refused: "日志拒写", fixes_null_island: "0/0 坐标", fixes_future: "未来时间的定位", fixes_too_old: "过旧的定位",
    pictures_dropped: "丢弃的画面", sounds_dropped: "丢弃的声音", card_errors: "存储卡错误", chunks_skipped: "未直播的数据块", segments_waiting: "待封存的分段", segments_refused: "被拒的分段", card_taken_pct: "未封存录像占存储卡（%）", talk_played: "播放的讲话包", talk_dropped: "丢弃的讲话包", sound_missing_ms: "未采到的声音（毫秒）" },
};
