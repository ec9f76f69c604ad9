/** Seconds for people: `7.5 s`, `2 min 30 s`, `1 h 50 min`. */
export function secondsInWords(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds * 10) / 10} s`;
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  if (hours === 0) return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
  return minutes === 0 ? `${hours} h` : `${hours} h ${minutes} min`;
}
