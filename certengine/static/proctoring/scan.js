// Reads a ticket's code with the camera. Without one, or without the permission, the field is typed into as before.
const start = document.getElementById("camera");
const box = document.getElementById("camera-box");
const video = document.getElementById("camera-video");
const said = document.getElementById("camera-said");
const field = document.getElementById("ticket");
const WIDTH = 640;
let stream = null;

if (navigator.mediaDevices?.getUserMedia) start.hidden = false;

// The browser's own reader where it has one; ours, which is loaded only here, otherwise.
async function reader() {
  const kinds = (await globalThis.BarcodeDetector?.getSupportedFormats().catch(() => [])) ?? [];
  if (kinds.includes("qr_code")) {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return async () => (await detector.detect(video))[0]?.rawValue;
  }
  await import("../vendor/qr-decode.js");
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return async () => {
    canvas.width = WIDTH;
    canvas.height = Math.round((WIDTH * video.videoHeight) / video.videoWidth);
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const [texts] = await decodeQRBatch([context.getImageData(0, 0, canvas.width, canvas.height)]);
    return texts?.[0];
  };
}

function stop() {
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  box.close();
}

async function scan() {
  box.showModal();
  said.textContent = box.dataset.looking;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    video.srcObject = stream;
    await video.play();
    const read = await reader();
    while (stream) {
      const text = video.videoWidth ? await read().catch(() => null) : null;
      if (text && stream) {
        field.value = text.slice(0, 300);
        stop();
        field.form.requestSubmit();
        return;
      }
      await new Promise((done) => setTimeout(done, 150));
    }
  } catch {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    said.textContent = box.dataset.failed;
  }
}

start.addEventListener("click", scan);
box.addEventListener("close", stop);
document.getElementById("camera-stop").addEventListener("click", stop);
