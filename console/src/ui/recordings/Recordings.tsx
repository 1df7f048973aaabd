import "../../style/pages.css";
import "../../style/case.css";
import "../../style/recordings.css";
import { address } from "../../address";
import type { User } from "../../model";
import { useStore } from "../../stores";
import { RecordingList } from "./RecordingList";
import { RecordingPage } from "./RecordingPage";

/** `/recordings`: the list; `/recordings/<unit>/<recording>`: one of them. */
export default function Recordings({ user, lost }: { user: User; lost: boolean }) {
  const { id } = useStore(address);
  const [unit_id, recording] = id?.split("/") ?? [];
  return unit_id && recording ? <RecordingPage key={id} of={{ unit_id, recording }} user={user} lost={lost} /> : <RecordingList />;
}
