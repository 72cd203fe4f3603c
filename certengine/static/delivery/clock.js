// The server's time, carried on by the browser's steady clock, so that changing the computer's clock changes nothing.
export function serverClock(at) {
  let offset = at - performance.now();
  const now = () => offset + performance.now();
  now.set = (newer) => { offset = newer - performance.now(); };
  return now;
}

export function spelled(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}
