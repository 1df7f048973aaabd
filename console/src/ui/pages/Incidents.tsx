import "../../style/pages.css";
import "../../style/case.css";
import { address } from "../../address";
import type { User } from "../../model";
import { useStore } from "../../stores";
import { IncidentList } from "./IncidentList";
import { IncidentPage } from "./IncidentPage";

/** `/incidents`: the list; `/incidents/<id>`: one of them. */
export default function Incidents({ user, lost }: { user: User; lost: boolean }) {
  const { id } = useStore(address);
  return id === null ? <IncidentList /> : <IncidentPage key={id} id={id} user={user} lost={lost} />;
}
