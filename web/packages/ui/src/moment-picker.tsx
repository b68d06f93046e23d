import { DatePicker } from "antd";
import type { Dayjs } from "dayjs";

interface MomentPickerProps {
  id?: string;
  value?: Dayjs | null;
  onChange?: (moment: Dayjs | null) => void;
  placeholder?: string;
}

/** A day and a time, chosen or typed; Enter ends the typing, it does not send the form around it. */
export function MomentPicker(props: MomentPickerProps) {
  return (
    <DatePicker
      {...props}
      showTime={{ format: "HH:mm" }}
      format="YYYY-MM-DD HH:mm"
      className="wm-wide"
      onKeyDown={(event) => {
        if (event.key === "Enter") event.preventDefault();
      }}
    />
  );
}
