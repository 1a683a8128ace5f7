using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Matrices;

/// <summary>Packs stored rows into the matrix that multiplies them.</summary>
/// <param name="source">The rows: whole blocks, and as many bytes as the shape needs.</param>
/// <param name="pool">Threads.</param>
/// <param name="arena">Owns the memory of the matrix; null = the matrix owns it.</param>
public delegate PackedMatrix MatrixPacker(StoredMatrix source, WorkerPool pool, NativeArena? arena);
