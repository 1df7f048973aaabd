import { type Incident, officerOf, type User } from "../../model";
import { TalkSlot } from "../talk/TalkSlot";
import { LiveSlot } from "./LiveSlot";

interface Props {
  /** The unit, or its incident. */
  of: { unit_id: string; officer: string | null };
  online: boolean;
  incident?: Incident | null;
  user: User;
  /** May add to the incident. */
  may?: boolean;
  lost: boolean;
}

/** An officer's picture and the talk with them in one place: they fill the screen together. */
export function Attend({ of, online, incident = null, user, may = false, lost }: Props) {
  return (
    <div class="attend" data-attend>
      <LiveSlot unitId={of.unit_id} name={officerOf(of)} online={online} incident={incident} may={may} lost={lost} />
      <TalkSlot unitId={of.unit_id} online={online} incident={incident} user={user} lost={lost} />
    </div>
  );
}
