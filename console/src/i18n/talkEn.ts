import type { talkZh } from "./talkZh";

export const talkEn: typeof talkZh = {
  title: "Talk", open: "Talk", listenOnly: "Listening only: nobody speaks", connecting: "Connecting the talk…", lost: "The talk is cut off, reconnecting", stale: "The console has lost the gateway: no talk",
  opening: "Switching the microphone on…", asking: "Connecting, wait with your words…", you: "You are heard", youCall: "You are in a call", youElsewhere: "You speak in another window", other: (name) => `${name} speaks`,
  hold: "Hold to talk", holdAloud: "Hold to talk ALOUD", letGo: "Let go to end", call: "Call", hangUp: "End the call",
  silentNow: "Silent alarm: nothing is played. “Allow aloud” or Shift+Space WILL sound, and may betray the officer.",
  keptSilent: "Nothing was played.", arm: "Allow aloud", armNote: "The loudspeaker will sound, and may betray the officer", armed: "Allowed, 15 s", aloudNow: "Aloud: the unit's loudspeaker is sounding",
  handOver: "Hand over", handOverTo: "Hand over to", hasLeft: (name) => `${name} has left`, nobodyElse: "Nobody else has this talk open", offered: (name) => `${name} hands the talk to you`, offeredTo: (from, to) => `${from} has handed the talk to ${to}`, take: "Take it",
  busy: (name) => `${name} speaks, wait a moment`, dropped: (n) => `${n} packets of this talk came late and were dropped (20 ms each)`,
  why: { offline: "The unit is offline", no_speaker: "This unit has no loudspeaker", no_link: "The gateway does not reach the message broker: nobody is heard", silent: "The alarm became silent: the talk is over", not_fed: "No fresh speech arrived: the talk is over", too_long: "It has reached its longest time: begin again", too_fast: "Speech came too fast, some was dropped", absent: "They do not have this talk open", not_talking: "You are not speaking", not_stored: "The talk could not be entered: try again", busy: "Somebody speaks" },
  mic: { insecure: "Browsers give a microphone over https only: open the console by its https address", denied: "The browser may not use the microphone: allow it in the site settings beside the address, then try again", none: "No microphone was found: plug a headset in, then try again", busy: "Another program has the microphone: close it, then try again", failed: "The microphone does not open: look at the system's sound settings" },
  note: "Hold Space to talk · the unit's live sound pauses meanwhile · every talk is recorded",
  file: "Download", fileOf: (name) => `Download what ${name} said`, playOf: (act, name) => `${act}: what ${name} said`, position: "Position",
  playFault: { gone: "Nothing is kept of it", damaged: "It is not what was recorded: tell the administrator", unreadable: "It cannot be read", failed: "It did not come: try again", mute: "The browser lets no sound out: test the sound first" },
  list: "Talks", listNone: "No talk yet", column: { time: "Began", by: "Who spoke", length: "Length", how: "How", ended: "Ended", incident: "Incident", sound: "What was said" }, how: { push: "Held", call: "Call" }, goesOn: "goes on", notKept: "not kept", helpTitle: "Talk", helpHold: "Talk while it is held", helpAloud: "Talk aloud although the alarm is silent (the loudspeaker will sound)",
  fact: { lasted: "Lasted", talk_dropped: "Dropped", aloud: "Aloud", ended: "Ended" }, lasted: (s) => `${s} s`, packets: (n) => `${n} packets`, aloudFact: "chosen although the alarm is silent",
  ended: { released: "let go", handed_over: "handed over", not_fed: "no speech came", too_long: "longest time", left: "page closed or link lost", session: "session ended", offline: "unit offline", no_link: "no link to the broker", silent: "the alarm became silent", restart: "gateway restarted" },
};
