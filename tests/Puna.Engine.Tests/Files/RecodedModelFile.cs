using Puna.Engine.Files;
using Puna.Engine.Files.Models;
using Puna.Engine.Files.Storage;
using Puna.Engine.Plan;
using Puna.Engine.Text;
using Puna.Kernels.Formats;
using Puna.Kernels.Memory;

namespace Puna.Engine.Tests.Files;

/// <summary>
/// A model whose matrices are coded anew in a format that no file form knows: what a method would hand to the loader.
/// Matrices whose rows the format does not divide stay as they are.
/// </summary>
internal sealed class RecodedModelFile : IModelFile
{
    private readonly IModelFile _source;
    private readonly List<NativeBuffer<byte>> _buffers = [];

    /// <summary>Encodes the matrices, then hands them out in the format, or decoded to F32 if so wanted.</summary>
    public RecodedModelFile(string path, WeightFormat format, bool decoded)
    {
        _source = ModelFiles.Open(path);
        Tensors = [.. _source.Tensors.Select(tensor => Recode(tensor, format, decoded))];
    }

    public string Path => _source.Path;

    public string Form => "recoded";

    public LayerPlan Plan => _source.Plan;

    public IReadOnlyList<StoredTensor> Tensors { get; }

    public IReadOnlyList<KeyValuePair<string, string>> Metadata => _source.Metadata;

    public TokenizerData? Tokenizer => _source.Tokenizer;

    public void Dispose()
    {
        _buffers.ForEach(buffer => buffer.Dispose());
        _source.Dispose();
    }

    private StoredTensor Recode(StoredTensor tensor, WeightFormat format, bool decoded)
    {
        if (tensor.Shape.Count != 2 || tensor.Shape[1] % format.BlockSize != 0)
        {
            return tensor;
        }

        var values = new float[tensor.Elements];
        tensor.Format.DecodeRow(tensor.Data.Span, values);
        var coded = new byte[tensor.Shape[0] * format.RowBytes(tensor.Shape[1])];
        format.EncodeRow(values, coded);
        if (decoded)
        {
            format.DecodeRow(coded, values);
            coded = new byte[sizeof(float) * values.Length];
            WeightFormats.F32.EncodeRow(values, coded);
        }

        var buffer = new NativeBuffer<byte>(coded.Length);
        coded.CopyTo(buffer.Span.Span);
        _buffers.Add(buffer);
        return new StoredTensor
        {
            Name = tensor.Name,
            StoredName = tensor.StoredName,
            Format = decoded ? WeightFormats.F32 : format,
            Shape = tensor.Shape,
            Data = buffer.Span,
            RowOrder = tensor.RowOrder,
            GiveBack = static () => { },
        };
    }
}
