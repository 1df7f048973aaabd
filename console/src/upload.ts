import { BASE, csrfToken, Refused } from "./api";

/** What the gateway takes (docs/api.md): told before a file is sent, and checked here so that nobody waits in vain. */
export const ATTACHMENT_MAX_BYTES = 20 * 1024 * 1024;
export const ATTACHMENTS_MAX = 50;

const TYPE_OF: Record<string, string> = {
  jpg: "image/jpeg", jpeg: "image/jpeg", png: "image/png", webp: "image/webp", pdf: "application/pdf", txt: "text/plain", wav: "audio/wav", mp4: "video/mp4",
};
const TAKEN: ReadonlySet<string> = new Set(Object.values(TYPE_OF));
export const ATTACHMENT_ACCEPT = [...TAKEN, ...Object.keys(TYPE_OF).map((end) => `.${end}`)].join(",");

/** Systems name the type of a sound file in several ways, and some name none. */
export function mediaTypeOf(file: File): string | null {
  const told = file.type.split(";")[0]?.trim().toLowerCase() ?? "";
  if (TAKEN.has(told)) return told;
  const byName = TYPE_OF[file.name.split(".").at(-1)?.toLowerCase() ?? ""] ?? null;
  return told === "" || told.startsWith("audio/") ? byName : null;
}

/** Sends a file and tells how much of it has gone, 0 to 1. `stop` ends it. Raises `Refused`. */
export function upload(incidentId: string, file: File, mediaType: string, onProgress: (part: number) => void): { done: Promise<void>; stop: () => void } {
  const request = new XMLHttpRequest();
  const done = new Promise<void>((resolve, reject) => {
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onload = () => (request.status < 300 ? resolve() : reject(new Refused(request.status, detailOf(request.responseText) || request.statusText)));
    request.onerror = () => reject(new Refused(0, ""));
    request.onabort = () => reject(new Refused(0, "stopped"));
    request.open("POST", `${BASE}/incidents/${encodeURIComponent(incidentId)}/attachments?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("Content-Type", mediaType);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRF-Token", csrfToken());
    request.send(file);
  });
  return { done, stop: () => request.abort() };
}

function detailOf(text: string): string {
  try {
    const problem = JSON.parse(text) as { detail?: unknown; title?: unknown };
    return typeof problem.detail === "string" ? problem.detail : String(problem.title ?? "");
  } catch {
    return "";
  }
}
