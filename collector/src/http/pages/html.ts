// The one way text becomes HTML here: everything that is put into a template is escaped, unless it is HTML made the same way.

/** Text that is HTML already. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Piece = string | number | Html | readonly Piece[] | undefined | false;

/** html`<p>${text}</p>`: the template is ours, its values are anybody's. Undefined and false are nothing. */
export function html(template: TemplateStringsArray, ...values: readonly Piece[]): Html {
  return new Html(String.raw({ raw: template }, ...values.map(render)));
}

function render(piece: Piece): string {
  if (piece === undefined || piece === false) return '';
  if (piece instanceof Html) return piece.text;
  if (typeof piece === 'object') return piece.map(render).join('');
  return String(piece).replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
