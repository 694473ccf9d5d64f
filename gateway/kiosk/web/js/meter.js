// Asks each second whether a meter waits for its code, and sends what is typed.

const ADDRESS = "/api/meter-code";
const EVERY = 1000; // ms; a meter waits half a minute
const SAID = {
  204: "已发送，正在配对。 Sent, the meter is being paired.",
  409: "测量仪不再等待这个数字，请再试一次。 The meter does not wait for this number any more: try again.",
  422: "请输入六位数字。 Type six digits.",
};

const $ = (id) => document.getElementById(id);
let asked = null;

async function look() {
  const answer = await fetch(ADDRESS).catch(() => null);
  const question = answer?.ok ? await answer.json() : null;
  if (question !== null && question.number !== asked) {
    $("code").value = "";
    $("answer").textContent = "";
  }
  asked = question?.number ?? null;
  $("waiting").hidden = asked !== null;
  if ($("asked").hidden !== (asked === null)) {
    $("asked").hidden = asked === null;
    if (asked !== null) $("code").focus();
  }
  $("meter").textContent = question ? `${question.meter} (${question.device})` : "";
  $("left").textContent = question ? `${Math.round(question.seconds)} s` : "";
}

async function send(code) {
  const answer = await fetch(ADDRESS, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ number: asked, code }),
  }).catch(() => null);
  $("answer").textContent = SAID[answer?.status] ?? "没有回应。 No answer.";
  await look();
}

$("asked").addEventListener("submit", (event) => {
  event.preventDefault();
  send($("code").value);
});
$("decline").addEventListener("click", () => send(null));
setInterval(look, EVERY);
look();
