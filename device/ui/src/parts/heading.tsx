import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

let isFirst = true;

/** A view's heading. When the view was changed it takes the focus, so that readers follow. */
export function Heading(props: { children: ComponentChildren; hidden?: boolean }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!isFirst) heading.current?.focus({ preventScroll: true });
    if (!isFirst) scrollTo(0, 0);
    isFirst = false;
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1} class={props.hidden === true ? 'visually-hidden' : ''}>
      {props.children}
    </h1>
  );
}
