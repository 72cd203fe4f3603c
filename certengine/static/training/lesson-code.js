// A code is good for some seconds; the page comes anew before it is none.
const { seconds } = document.querySelector(".sign-in-code").dataset;
setTimeout(() => location.reload(), Number(seconds) * 1000);
