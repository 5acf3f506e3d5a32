import { say } from "../words";

export default function DayView() {
  return <p class="wait">{say("undone")}</p>;
}
