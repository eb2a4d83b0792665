/** A model's card as it was written, in Markdown; loaded when it is first shown. */
import Markdown from 'react-markdown';
import remarkGfm from 'remark-gfm';
import css from '../../shared/kit/kit.module.css';
import own from './models.module.css';

/** The page has its own headings above the card's, and its own frame for wide tables. */
const PARTS = {
  h1: ({ children }: React.PropsWithChildren) => <h3>{children}</h3>,
  h2: ({ children }: React.PropsWithChildren) => <h3>{children}</h3>,
  table: ({ children }: React.PropsWithChildren) => <div className={css.room} tabIndex={0}><table className={css.table}>{children}</table></div>,
};

export default function CardText({ text }: { text: string }) {
  return <div className={own.markdown}><Markdown remarkPlugins={[remarkGfm]} components={PARTS}>{text}</Markdown></div>;
}
