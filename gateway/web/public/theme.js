// Sets the theme before the first paint: the remembered one, else the system's.
(function () {
  let theme = null;
  try {
    theme = localStorage.getItem('goat.theme');
  } catch {
    theme = null;
  }
  if (theme !== 'light' && theme !== 'dark') {
    theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  }
  document.documentElement.dataset.theme = theme;
})();
