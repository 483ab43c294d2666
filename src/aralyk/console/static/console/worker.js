// Wakes for a push. A push has no content; what waits is seen on the desk, after logging in.
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => {
  const language = self.navigator.language.slice(0, 2);
  const words = { ru: "Откройте пульт", ky: "Пультту ачыңыз" }[language] ?? "Open the desk";
  event.waitUntil(self.registration.showNotification(words, { tag: "waiting", renotify: true, requireInteraction: true }));
});
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(
    self.clients.matchAll({ type: "window" }).then((open) => {
      const [first] = open;
      return first ? first.focus() : self.clients.openWindow("/ways/");
    }),
  );
});
