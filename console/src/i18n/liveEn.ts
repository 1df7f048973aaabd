import type { liveZh } from "./liveZh";

export const liveEn: typeof liveZh = {
  title: "Live picture", open: "Live picture", close: "Close", screen: "Live picture", ofUnit: (name) => `Live picture of ${name}`,
  live: "Live", delay: (s) => `delay ${s}`, delayNote: "From the moment it was taken until it was drawn, by the unit's time and the gateway's clock", behind: (s) => `picture ${s} behind the sound`,
  delayUnknown: "delay unknown", delayUnknownNote: "The unit's clock is not set or contradicts the arrival: when this was taken is estimated",
  stillAge: (s) => `${s} old`, stillAgeNote: "From the moment it was taken until now, by the unit's time and the gateway's clock",
  noPictureFor: (s) => `No new picture for ${s}`, waiting: "Waiting for the first picture…", soundOnly: "Sound only", nothing: "The unit sends nothing", offline: "The unit is offline", consoleOld: "The console has lost the gateway: this picture is old",
  link: { first: "Connecting…", lost: "Connection lost, trying again", slow: "This machine was too slow and was cut off, trying again", crowded: "Not accepted (perhaps too many viewers), trying again", quiet: "The gateway says nothing", session: "Signed out: sign in again", rights: "You may not see this unit" },
  and: (one, other) => `${one}; ${other}`, tried: (n) => `attempt ${n}`,
  mode: { full: "full picture", stills: "stills", sound: "sound only", off: "nothing" },
  why: { thin_link: "thin link", chosen: "chosen", offline: "unit offline", refused: "the unit refuses", slow_viewer: "this machine is slow" },
  viewers: (n) => `${n} watching`, watchedBy: (names) => `Watching: ${names}`, dropped: (n) => `${n} left out`, dropping: "This machine or its line is too slow: pictures are left out", rate: (kb) => `${kb} KB/s`,
  recording: "recording", notRecording: "not recording", bad: (n) => `${n} pictures could not be decoded`, badSounds: (n) => `${n} packets of sound could not be read`, huge: "A picture was larger than allowed and was not decoded",
  profile: "Send", profiles: { auto: "automatic", full: "full picture", small: "small", stills: "stills", sound: "sound only" }, refused: (why) => `Not granted: ${why}`, refusedTranscodes: "too many conversions", slow: "This machine is slow: smaller pictures were asked for",

  listen: "Listen", listening: "Listening", listeningNothing: "Listening, no sound", mute: "Stop listening", soundUntested: "Sound is off: test it", soundRefused: "The browser refuses sound: try again", elsewhere: "Another window listens", otherUnit: "Not heard",
  level: "Level of sound", loud: "loud", voice: "sound", quiet: "quiet", noSound: "No sound comes", volume: "Volume of the live sound", volumeBrief: "Volume",

  still: "Still", stillNote: "Into the incident's attachments, named by unit and source time (F10)", stillNoIncident: "No incident to keep it in", stillNone: "No picture yet", stillFull: "No more attachments", full: "Full screen", fullNote: "Full screen (F6)", leaveFull: "Leave full screen", listenNote: "Listen / stop (F7)",

  wall: "Live", wallTitle: "Live wall", wallNote: "Alarms come by themselves, nothing moves", arrangement: "Pictures", add: "Add a unit", addPlaceholder: "Number / name", remove: (name) => `Remove ${name}`, empty: "Empty", emptyWall: "Choose the units to watch; those with an alarm appear by themselves.",
  noMatch: "No online unit matches", alarmed: "Alarm", onlyAlarms: "Alarms only", chosen: (n, most) => `${n} / ${most} chosen`, more: (n) => `${n} more not shown`, place: (n) => `Place ${n}`,
  helpTitle: "Live picture", helpFull: "Full screen on / off", helpListen: "Listen / stop", helpStill: "Still into the incident", helpDigits: "Live wall: listen to that place",
};
