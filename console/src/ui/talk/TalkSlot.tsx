import { useEffect, useState } from "preact/hooks";
import { useWords, wordFor } from "../../i18n";
import { type Incident, isOpen, mayDirect, type User } from "../../model";
import { lazily } from "../lazily";

const TalkPanel = lazily(() => import("./TalkPanel"), () => <div class="talk-before" aria-busy="true" />);

interface Props {
  unitId: string;
  online: boolean;
  incident?: Incident | null;
  user: User;
  lost: boolean;
}

/** The talk's place in a panel: there while an incident is open, else behind a button. */
export function TalkSlot({ unitId, online, incident = null, user, lost }: Props) {
  const w = useWords();
  const calls = incident !== null && isOpen(incident);
  const [open, setOpen] = useState(calls);
  useEffect(() => setOpen(calls), [calls, unitId]);
  if (!mayDirect(user)) return null;
  if (open) return <TalkPanel key={unitId} unitId={unitId} user={user} lost={lost} />;
  if (incident !== null && !calls) return null;
  return <div class="acts"><button type="button" class="button" data-talk-act="open" disabled={!online} title={online ? undefined : wordFor(w.talk.why, "offline")} onClick={() => setOpen(true)}>{w.talk.open}</button></div>;
}
