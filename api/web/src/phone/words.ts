import { catalogue } from "../shared/language";

export const say = catalogue({ title: "Tuyến của tôi" }, { title: "My route" });
