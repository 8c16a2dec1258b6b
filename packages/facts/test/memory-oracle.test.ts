import { openMemoryFactStore } from '../src/memory-store.ts';
import { agreesWithTheModel } from './oracle.ts';

agreesWithTheModel('memory', async (clock) => openMemoryFactStore({ clock }), 120);
