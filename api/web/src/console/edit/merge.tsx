/** Two dispatchers at once: what the other changed, what of mine still holds. */

import { MoveList } from "../compare/moves";
import { Button, Dialog } from "../ui";
import { base, discard, merge, merging } from "./model";
import { Summary, wordsOfChange } from "./summary";
import { say } from "./words";

export function MergeDialog() {
  const found = merging.value;
  if (!found) return null;
  const gone = found.lost.filter((one) => !one.kept);
  const kept = found.lost.filter((one) => one.kept);
  return (
    <Dialog
      title={say("merge.title")}
      wide
      onClose={() => {
        merging.value = null;
      }}
    >
      <div class="merge">
        <p>{say("merge.why", { mine: base.value, theirs: found.onto })}</p>
        <h3>{say("merge.theirs")}</h3>
        <MoveList moves={found.theirs.moves} onlyMoved most={12} />
        {gone.length > 0 && (
          <>
            <h3>{say("merge.lost")}</h3>
            <ul class="broken">
              {gone.map((one, k) => (
                <li key={k}>✕ {one.why}</li>
              ))}
            </ul>
          </>
        )}
        {kept.length > 0 && (
          <>
            <h3>{say("merge.kept")}</h3>
            <ul>
              {kept.map((one, k) => (
                <li key={k}>{one.why}</li>
              ))}
            </ul>
          </>
        )}
        <h3>{say("merge.mine")}</h3>
        {found.changes.length === 0 ? (
          <p class="refused">{say("merge.nothing")}</p>
        ) : (
          <>
            {found.lost.length === 0 && <p class="fine">✓ {say("merge.all")}</p>}
            <ol>
              {found.changes.map((one, k) => (
                <li key={k}>{wordsOfChange(one)}</li>
              ))}
            </ol>
            <Summary made={found.preview} />
          </>
        )}
        <footer>
          <Button look="danger" onClick={() => void discard()}>
            {say("merge.discard")}
          </Button>
          <div class="grow" />
          <Button look="main" disabled={!found.changes.length} onClick={() => void merge()}>
            {say("merge.do", { number: found.onto })}
          </Button>
        </footer>
      </div>
    </Dialog>
  );
}
