import { useEffect, useRef } from 'preact/hooks';

interface VideoProps {
  readonly label: string;
  readonly src: string;
  readonly controls?: boolean;
  /** It cannot be played, or not any more. */
  readonly onLost: () => void;
}

/**
 * A video that plays at once and without sound. A browser goes on loading what is no longer shown
 * until it tidies up, so the end of the element is the end of its request.
 */
export function Video({ label, src, controls = false, onLost }: VideoProps) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const element = video.current;
    return () => {
      element?.removeAttribute('src');
      element?.load();
    };
  }, []);
  return (
    <video
      ref={video}
      class="clip-video"
      aria-label={label}
      src={src}
      controls={controls}
      autoplay
      muted
      playsInline
      onError={onLost}
      onEnded={controls ? undefined : onLost}
    />
  );
}
