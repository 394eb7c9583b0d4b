/**
 * What is answered in time, `late` otherwise. A thread that was busy itself looks at what has come before it says so. An
 * answer that is a failure is thrown while somebody waits for it.
 */
export function inTime<Answer, Late>(answer: Promise<Answer>, ms: number, late: Late): Promise<Answer | Late> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => setImmediate(() => setImmediate(() => resolve(late))), ms);
    answer.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
