import type { keysZh } from "./keysZh";

export const keysEn: typeof keysZh = {
  title: "Stream keys", note: "For video walls and recorders that watch by RTSP. A key stands for you: it shows what you may see at each moment, and each view is in the audit.",
  off: "The gateway does not serve RTSP (setting rtsp.enabled). A key can be made, and is of use once it does.", onlyHere: "RTSP listens on the gateway's own machine only (setting rtsp.host): other machines cannot reach it.",
  make: "New key", makeAct: "Make a key", purpose: "For what", purposeHint: "as: video wall, hall 2", days: "Days", unit: "One unit only", unitHint: "empty: all that you see", unitAll: "all",
  made: "The key is made, and shown this once. Copy it to the other system now; one that is lost can only be revoked and made anew.", address: "Address to play", addressOf: "Address of which unit", copy: "Copy", copied: "Copied", copyFailed: "The browser does not copy: select it by hand", done: "I have it, close", unknownUnit: "NUMBER", portUnknown: "The gateway chooses its port as it starts: see its log (rtsp_ready).", h264: "With ?codec=h264 it is H.264, of which there are few.",
  list: "Keys", none: "No key yet", column: { purpose: "For what", by: "Whose", unit: "Unit", created: "Made", ends: "Ends", state: "State" },
  state: { holds: "holds", ended: "ended", revoked: "revoked" }, revoke: "Revoke", revokeSure: "Yes, revoke", revokeOf: (name) => `Revoke ${name}`, revokeNote: "What is watched by it ends within five seconds",
};
