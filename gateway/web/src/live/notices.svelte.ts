const shownMs = 12_000;

/** The one line that says what has just happened to the connection or an engine, for some seconds. */
class Notices {
  /** What to say; "" for nothing. */
  text = $state('');
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Says it for 12 seconds; what was said within them stays in front of it. */
  say(sentence: string): void {
    if (this.text.includes(sentence)) return;
    this.text = this.text === '' ? sentence : `${this.text} ${sentence}`;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.text = ''), shownMs);
  }
}

/** The page's notices. */
export const notices = new Notices();
