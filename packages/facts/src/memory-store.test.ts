import { openMemoryFactStore } from './memory-store.ts';
import { factStoreContract } from './store.contract.ts';

factStoreContract('memory', async (clock) => openMemoryFactStore({ clock }));
