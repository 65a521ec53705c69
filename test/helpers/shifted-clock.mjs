// Preloaded by NODE_OPTIONS=--import=…: the wall clock of this process is off by TEST_CLOCK_SHIFT_MS.
const RealDate = Date;
const shift = Number(process.env.TEST_CLOCK_SHIFT_MS ?? 0);
globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + shift);
    else super(...args);
  }
  static now() {
    return RealDate.now() + shift;
  }
};
