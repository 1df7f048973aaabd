import "./style/tokens.css";
import "./style/base.css";
import "./style/top.css";
import "./style/lists.css";
import "./style/map.css";
import "./style/incident.css";
import "./style/desk.css";
import "./style/sheet.css";
import "./style/wall.css";
import "./style/phone.css";
import { render } from "preact";
import { followTheme } from "./choices";
import { App } from "./ui/App";

followTheme();
const root = document.getElementById("app");
if (root) render(<App />, root);
