import { Button, type ButtonProps } from "antd";
import { useHref, useLinkClickHandler } from "react-router";

interface ButtonLinkProps extends Pick<ButtonProps, "type" | "icon" | "children"> {
  to: string;
}

/** A link that looks like a button, because it is the next step: it can be opened in a new tab. */
export function ButtonLink({ to, ...look }: ButtonLinkProps) {
  const href = useHref(to);
  const follow = useLinkClickHandler<HTMLElement>(to);
  // antd types the handler by its own element, the router by the anchor that it becomes.
  return (
    <Button {...look} href={href} onClick={(event) => follow(event as React.MouseEvent<HTMLAnchorElement>)} />
  );
}
