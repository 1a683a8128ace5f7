using Puna.Engine.Files.Storage;
using Puna.Kernels.Formats;

namespace Puna.Engine.Files.Writing;

/// <summary>A stored norm or bias as one row, its elements in another order where asked.</summary>
/// <param name="tensor">The vector.</param>
/// <param name="format">Coding of the new one: F32, F16 or BF16.</param>
/// <param name="order">New element i is stored element order[i]; null keeps the order.</param>
internal sealed class StoredVector(StoredTensor tensor, WeightFormat format, int[]? order)
    : IRowSource
{
    public void Fill(long row, Span<byte> target, Span<float> scratch)
    {
        var source = tensor.Data.ToArray();
        tensor.RequireFiniteScales(source);
        if (order is null)
        {
            tensor.Format.DecodeRow(source, scratch);
        }
        else
        {
            var stored = new float[scratch.Length];
            tensor.Format.DecodeRow(source, stored);
            for (var index = 0; index < scratch.Length; index++)
            {
                scratch[index] = stored[order[index]];
            }
        }

        format.EncodeRow(scratch, target);
    }
}
