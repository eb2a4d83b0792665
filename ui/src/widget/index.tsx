/** The builder as an anywidget; its questions travel as messages to the kernel, as one ES module. */
import './widget.css';
import createClient from 'openapi-fetch';
import { createRoot } from 'react-dom/client';
import type { paths } from '../segments/shared/services/api.gen';
import { serviceOf } from '../segments/shared/services/segmentationService';
import { kernelFetch } from './messages';
import type { Model } from './model';
import { NotebookBuilder } from './NotebookBuilder';

function render({ model, el }: { model: Model; el: HTMLElement }) {
  const { ask, close } = kernelFetch(model);
  // Any host will do: only the path of an address travels.
  const service = serviceOf(createClient<paths>({ baseUrl: 'http://kernel/', fetch: ask }));
  const root = createRoot(el);
  root.render(<NotebookBuilder model={model} service={service} host={el} />);
  return () => {
    root.unmount();
    close();
  };
}

export default { render };
