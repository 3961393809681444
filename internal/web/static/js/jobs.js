// Follows a running job by server-sent events. Without this script the page asks
// again every few seconds by itself.
const box = document.querySelector("[data-job]");

if (box && "EventSource" in window) {
  const said = box.querySelector("[data-job-said]");
  const bar = box.querySelector("[data-job-bar]");
  const took = box.querySelector("[data-job-took]");
  const source = new EventSource(box.dataset.job);
  let spoken = 0; // a screen reader hears how far it is every ten seconds, not twice a second

  source.addEventListener("message", (event) => {
    const job = JSON.parse(event.data);
    if (job.state !== "running") {
      source.close();
      location.reload();
      return;
    }
    if (took) took.textContent = job.took;
    if (bar) {
      if (job.percent >= 0) bar.value = job.percent;
      else bar.removeAttribute("value");
    }
    const now = Date.now();
    if (said && said.textContent !== job.said) {
      said.setAttribute("aria-live", now - spoken > 10_000 ? "polite" : "off");
      if (now - spoken > 10_000) spoken = now;
      said.textContent = job.said;
    }
  });
  // The browser asks again by itself; if it cannot, for instance because the job
  // is no longer listed, the page says what is so.
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) location.reload();
  });
}
