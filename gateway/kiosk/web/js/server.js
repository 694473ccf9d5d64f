// The way to the gateway: one stream of states, one address for actions. Nothing is kept here.

const SILENCE = 4000; // ms without a connection until the page says that it is out of order: a restart is shorter

export function listen(hears) {
  const { opened, state, live, lost } = hears;
  const stream = new EventSource("/api/events");
  let timer = setTimeout(lost, SILENCE);
  const heard = () => { clearTimeout(timer); timer = null; opened(); };
  const gone = () => {
    timer ??= setTimeout(lost, SILENCE);
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => listen(hears), 2000);
  };
  stream.addEventListener("open", heard);
  stream.addEventListener("error", gone);
  stream.addEventListener("state", (event) => state(JSON.parse(event.data)));
  stream.addEventListener("live", (event) => live(JSON.parse(event.data)));
}

// The new view; also when the action came too late, for then the page is old. null: nobody answered, the stream tells.
export async function post(action) {
  const sent = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(action), cache: "no-store" };
  const answer = await fetch("/api/act", sent).catch(() => null);
  return answer && (answer.ok || answer.status === 409) ? answer.json() : null;
}
