import "../../style/pages.css";
import "../../style/case.css";
import { address } from "../../address";
import type { User } from "../../model";
import { useStore } from "../../stores";
import { UnitPage } from "./UnitPage";
import { UnitsList } from "./UnitsList";

/** `/units`: the list; `/units/<id>`: one of them. */
export default function Devices({ user, lost }: { user: User; lost: boolean }) {
  const { id } = useStore(address);
  return id === null ? <UnitsList /> : <UnitPage key={id} id={id} user={user} lost={lost} />;
}
