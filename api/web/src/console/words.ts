import { catalogue } from "../shared/language";

export const say = catalogue({ title: "Điều phối" }, { title: "Dispatch" });
