import { type Command, text, UsageError } from './command.ts';

export const command: Command = {
  usage: `  threatguard-collector lab predict --model MODEL.json --score B.csv
      Prints what a model that XGBoost saved as JSON says of each row of B: probabilities where it was trained on classes, else
      the value; one column for each output. The columns are those the model names, or all in their order where it names
      none; categories are their numbers, and a missing cell goes where the model says. A row that cannot be read is
      named by its line and is NaN, and the exit code is 1.
      Example: threatguard-collector lab predict --model triage.json --score new.csv
`,
  options: { model: { type: 'string' }, score: { type: 'string' } },
  async run(invocation) {
    const [
      { importXgboost, XgboostError },
      { predictXgboost },
      { DataError, readNumericTable, readText },
      { reportBadRows },
    ] = await Promise.all([
      import('../detect/models/import-xgboost.ts'),
      import('../detect/models/xgboost.ts'),
      import('../lab/csv.ts'),
      import('../lab/report.ts'),
    ]);
    const [modelPath, path] = [text(invocation, 'model'), text(invocation, 'score')];
    if (!modelPath || !path) throw new UsageError('--model FILE and --score FILE say what predicts, and of what');
    const json = readText(modelPath);
    let model: ReturnType<typeof importXgboost>;
    try {
      model = importXgboost(json);
    } catch (error) {
      if (error instanceof XgboostError) throw new DataError('malformed', `${modelPath}: ${error.message}`);
      throw error;
    }
    const names = model.featureNames.length > 0 ? model.featureNames : undefined;
    const { matrix, positions, rows, bad } = readNumericTable(path, names);
    if (matrix.columns !== model.features) {
      const differ = `${matrix.columns} columns where the model has ${model.features}`;
      throw new DataError('column_missing', `${path}: ${differ}`);
    }
    const incomplete = reportBadRows(path, bad, invocation.stderr);
    const outputs = model.base.length;
    const found = predictXgboost(model, matrix);
    const lines = new Array<string>(rows).fill(`${new Array(outputs).fill('NaN').join()}\n`);
    positions.forEach((row, at) => {
      lines[row] = `${found.slice(at * outputs, (at + 1) * outputs).join()}\n`;
    });
    const header = outputs === 1 ? 'prediction' : Array.from({ length: outputs }, (_, at) => `class${at}`).join();
    invocation.stdout.write(`${header}\n${lines.join('')}`);
    return incomplete ? 1 : 0;
  },
};
