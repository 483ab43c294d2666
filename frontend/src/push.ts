// Lets this browser wake its person: asks for leave, subscribes, and hands the subscription to the server.

/** Start the part of the page that offers it; stays hidden where the browser can't. */
export function startPush(element: HTMLElement | null): void {
  if (!element || !("serviceWorker" in navigator) || !("PushManager" in window)) return;
  const button = element.querySelector("button");
  const refusal = element.querySelector<HTMLElement>("[role=alert]");
  element.hidden = false;
  button?.addEventListener("click", async () => {
    try {
      await subscribe(element.dataset["push"] ?? "", element.dataset["pushUrl"] ?? "");
      location.reload();
    } catch {
      if (refusal) refusal.hidden = false;
    }
  });
}

async function subscribe(key: string, url: string): Promise<void> {
  const registration = await navigator.serviceWorker.register("/worker.js");
  await navigator.serviceWorker.ready;
  const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const token = document.querySelector<HTMLInputElement>("[name=csrfmiddlewaretoken]")?.value ?? "";
  const answer = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    body: JSON.stringify(subscription),
  });
  if (!answer.ok) throw new Error(String(answer.status));
}
