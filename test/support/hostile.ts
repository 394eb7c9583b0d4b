/** Text a host may send that a terminal must never see as it is. */
export const HOSTILE =
  'a\u001b[2J\u001b]52;c;ZXZpbA==\u0007b\u009b31m\u0000\r\n\tc\u202ed\u2066e\u200bf\u200dg\ufeffh\ud800i\u007fj\u{e0041}k';

/** Anything in it that a terminal would act on, beside the line ends of finished lines. */
export const RAW = /[^\P{Cc}\n]|[\p{Cf}\p{Cs}]/u;
