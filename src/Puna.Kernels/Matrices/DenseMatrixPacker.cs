using System.Runtime.CompilerServices;
using Puna.Kernels.Elementwise;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Matrices;

/// <summary>The <see cref="MatrixPacker"/>s of F32, F16 and BF16.</summary>
internal static unsafe class DenseMatrixPacker
{
    /// <summary>Packs IEEE singles.</summary>
    public static PackedMatrix F32(StoredMatrix source, WorkerPool pool, NativeArena? arena) =>
        new DensePackedMatrix<DenseElements.F32>(
            Pack<uint>(source, pool, arena, null),
            source.Rows,
            source.Columns
        );

    /// <summary>Packs IEEE halves; those of which none is Inf or NaN are cheaper to widen.</summary>
    public static PackedMatrix F16(StoredMatrix source, WorkerPool pool, NativeArena? arena)
    {
        var finite = true;
        var weights = Pack<ushort>(source, pool, arena, &finite);
        return finite
            ? new DensePackedMatrix<DenseElements.FiniteF16>(weights, source.Rows, source.Columns)
            : new DensePackedMatrix<DenseElements.F16>(weights, source.Rows, source.Columns);
    }

    /// <summary>Packs upper halves of IEEE singles.</summary>
    public static PackedMatrix BF16(StoredMatrix source, WorkerPool pool, NativeArena? arena) =>
        new DensePackedMatrix<DenseElements.BF16>(
            Pack<ushort>(source, pool, arena, null),
            source.Rows,
            source.Columns
        );

    private static NativeBuffer<byte> Pack<TBits>(
        StoredMatrix source,
        WorkerPool pool,
        NativeArena? arena,
        bool* finite
    )
        where TBits : unmanaged
    {
        var groups = ((long)source.Rows + PackedMatrix.RowGroup - 1) / PackedMatrix.RowGroup;
        var bytes = checked(groups * PackedMatrix.RowGroup * source.Columns * sizeof(TBits));
        var weights = arena?.Allocate<byte>(bytes) ?? new NativeBuffer<byte>(bytes, clear: false);
        fixed (int* order = source.RowOrder)
        {
            var job = new PackJob<TBits>(
                (TBits*)source.Data.Pointer,
                (TBits*)weights.Span.Pointer,
                source.Rows,
                source.Columns,
                order,
                finite
            );
            pool.Run(ref job);
        }

        return weights;
    }

    private readonly struct PackJob<TBits>(
        TBits* source,
        TBits* destination,
        int rows,
        int columns,
        int* order,
        bool* finite
    ) : IParallelJob
        where TBits : unmanaged
    {
        private readonly TBits* _source = source;
        private readonly TBits* _destination = destination;
        private readonly int* _order = order;
        private readonly bool* _finite = finite;

        public void Execute(int part, int parts)
        {
            var groups = (rows + PackedMatrix.RowGroup - 1) / PackedMatrix.RowGroup;
            var end = Dispatch.PartStart(groups, part + 1, parts);
            for (var group = Dispatch.PartStart(groups, part, parts); group < end; group++)
            {
                PackGroup(group);
                var size = (long)columns * PackedMatrix.RowGroup;
                if (
                    _finite != null
                    && !HalfBits.AllFinite((ushort*)_destination + group * size, size)
                )
                {
                    *_finite = false;
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void PackGroup(int group)
        {
            // A strip of columns at a time, so that the lines written stay in the first-level cache.
            const int Strip = 64;
            var target = _destination + (long)group * columns * PackedMatrix.RowGroup;
            for (var first = 0; first < columns; first += Strip)
            {
                var last = Math.Min(columns, first + Strip);
                for (var inner = 0; inner < PackedMatrix.RowGroup; inner++)
                {
                    var row = group * PackedMatrix.RowGroup + inner;
                    var from =
                        row < rows
                            ? _order == null
                                ? row
                                : _order[row]
                            : -1;
                    for (var k = first; k < last; k++)
                    {
                        target[(nint)k * PackedMatrix.RowGroup + inner] =
                            from < 0 ? default : _source[(long)from * columns + k];
                    }
                }
            }
        }
    }
}
