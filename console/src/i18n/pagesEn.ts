import type { pagesZh } from "./pagesZh";

export const pagesEn: typeof pagesZh = {
  filters: "Filters", clearFilters: "Clear filters", allOf: "all", csv: "Export CSV", csvNote: "With these filters, at most 10,000 rows",
  fText: "Search", fTextHint: "officer / number / case / incident", fState: "State", fCourt: "Court (and below)", fOfficer: "Officer", fUnit: "Unit", fCase: "Case",
  fKind: "Kind", fFrom: "From", fTo: "To", fWhen: "Time (Beijing)",
  quick: { "24h": "24 h", "7d": "7 days", "30d": "30 days" },
  incidentState: { all: "All", open: "Open", closed: "Ended" },
  incidents: "Incidents", incidentsShown: (n, more) => more ? `${n} listed, there are older ones` : `${n} in all`,
  column: { time: "Time", officer: "Officer", unit: "Unit", court: "Own court", kind: "Kind", caseNo: "Case", state: "State",
    acknowledged: "Acknowledged by, after", owner: "Court that has it", duration: "Duration" },
  showOlder: "List older ones", listFull: (n) => `${n} listed. Narrow it by the filters.`, noIncidents: "No incident matches",
  listFailed: "The list could not be had", listKeys: "↑ ↓ move, Enter opens", within: (time) => `after ${time}`, ended: "ended",
  addedLive: "updated live", attachmentsShort: (n) => `${n} attached`,

  devices: "Devices", devicesShown: (n, all) => n === all ? `${all} in all` : `${n} of ${all}`,
  unitState: { online: "online", offline: "offline", never: "never seen" },
  deviceColumn: { state: "State", unit: "Number", officer: "Officer", court: "Court", caseNo: "Case", battery: "Battery", signal: "Signal", storage: "Storage free",
    firmware: "Firmware", seen: "Last contact", offset: "Clock offset", dropped: "Lost", recording: "Rec. / picture", certificate: "Certificate ends" },
  fDeviceHint: "number / officer / case / court", fBattery: "Battery at most %", fFirmware: "Firmware (begins)", fFault: "Fault",
  fault: { any: "any fault", battery: "battery low", signal: "weak signal", storage: "storage low", clock: "clock", picture: "picture", drops: "lost data", error: "had an error",
    certificate: "certificate ends soon", revoked: "revoked", unregistered: "not registered" },
  revoked: "revoked", notSet: "not set", noDevices: "No device matches", sortBy: (what) => `Sort by ${what}`,

  openWhole: "Open whole incident", backToList: "Back to the list", showOnDesk: "Show on the desk", report: "Report", print: "Print", incidentMissing: "There is no such incident, or you may not see it.",
  handler: "In hand of", handOver: "Hand over", handOverTo: "Hand over to", choosePerson: "Choose a dispatcher at a desk", notLive: "not at a desk", noOneLive: "No other dispatcher is at a desk",
  handOverNote: "What the next one must know", peopleFailed: "The list of people could not be had", takeOver: "Take over", takeOverMine: "Take it myself", withdrawHandOver: "Withdraw",
  handOverStrip: (to, by, at) => `Waits for ${to} to take over (asked by ${by} at ${at}). Until then it stays where it is.`,
  handOverToYou: "For you", handOverWaits: "Hand-over waits", handOverFrom: (by) => `${by} asks you to take over`, look: "Look",
  handlerNow: (who, since) => `In hand of ${who} since ${since}`,

  mergeTitle: "Is this the same event?", mergeWhy: (apart, time) => `The alarms were ${apart} and ${time} apart`, mergeWhyNoPlace: (time) => `One has no position; they were ${time} apart`,
  mergeKeep: "Keep this one, merge the other into it", mergeSure: (id) => `Really merge into ${id}, for good`, notSame: "Not the same event", notSameNote: (id) => `Not the same event: ${id}`,
  mergeThis: "This incident", mergeOther: "The other", mergeEarlier: "earlier", candidatesWhy: "Why", courtLevel: "Level", answerWas: "Answer",

  attachments: "Attachments", attachmentCount: (n, most) => `${n} / ${most}`, attach: "Choose files", attachHint: "or drop them here, or paste",
  attachLimits: "JPEG, PNG, WebP, PDF, plain text, WAV, MP4; at most 20 MiB each and 50 an incident. What is stored cannot be changed or taken away; its hash is in the incident's log.",
  attachTooLarge: (size) => `more than 20 MiB (${size})`, attachWrongType: "this kind is not taken", attachEmpty: "the file is empty", attachTooMany: "50 are there already", attachStop: "Stop", attachStopped: "stopped",
  attachNone: "No attachments", attachDone: "stored", attachClosed: "The incident has ended: nothing can be attached any more.", sha256: "SHA-256", dropHere: "Let go to upload", fileName: "File", fileSize: "Size", fileBy: "By", download: "Download",

  record: "Record", serverClockShort: "Server's time", deviceClockShort: "Unit's time", whatHappened: "What", byWhom: "Who", everyPosition: "Show each position", detailsOf: "Decided on",
  rankingAsItWas: "Why this court", notes: "Notes",

  replay: "Replay", replayToNow: "Up to now", replayPlay: "Play", replayPause: "Pause", replaySpeed: "Speed", replayAt: "Moment of the replay", replayFailed: "The replay could not be had", replayThinned: "There were too many positions: some were left out evenly",
  replayUnits: (members, near) => `${members} of the incident, ${near} near by`, replayBefore: "before the alarm", replayTicks: "What is in the timeline", replayMap: "Map of the replay", replayEmpty: "No positions in this time",
  replayTo: (what, at) => `Go to ${at}: ${what}`, replayNoFix: "no position yet",

  deviceFacts: "Facts", deviceCounters: "Counters since its start", noCounters: "No counters", lastError: "Last error", uptime: "Running for", boots: "Started", clockOffset: "Clock offset", dropped: "Lost",
  certificateEnds: "Certificate ends", recentIncidents: "Recent incidents", noRecent: "None", trackOnDesk: "Show its track on the desk", noSuchDevice: "There is no such unit, or you may not see it.",
  testAlarm: "Test alarm", testAlarmSure: "Really raise a test alarm", setCase: "Set case", clearCase: "Clear case", commands: "Commands", commandsNote: "A command holds for five minutes; what came of it shows in the unit's state.",
  counter: { reconnects: "reconnects", publishes_failed: "failed publishes", inbound_refused: "refused commands", fixes_dropped: "positions dropped", nmea_refused: "invalid position sentences", task_restarts: "task restarts",
    journal_torn_bytes: "torn journal bytes", events_dropped: "events dropped", clock_steps: "clock steps", journal_refused: "journal writes refused", fixes_null_island: "positions at 0/0", fixes_future: "positions of the future", fixes_too_old: "positions too old",
    pictures_dropped: "pictures dropped", sounds_dropped: "sounds dropped", card_errors: "card errors", chunks_skipped: "chunks not sent live", segments_waiting: "segments not sealed yet", segments_refused: "segments refused", card_taken_pct: "card taken by what is not sealed (%)", talk_played: "packets of speech played", talk_dropped: "packets of speech dropped", sound_missing_ms: "sound that the microphone lost (ms)" },
};
