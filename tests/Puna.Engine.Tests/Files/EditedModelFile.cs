using Puna.Engine.Files;
using Puna.Engine.Files.Models;
using Puna.Engine.Files.Storage;
using Puna.Engine.Plan;
using Puna.Engine.Text;
using Puna.Kernels.Formats;
using Puna.Kernels.Memory;

namespace Puna.Engine.Tests.Files;

/// <summary>A model in which some tensors are stored otherwise, or which has another plan of the same tensors.</summary>
internal sealed class EditedModelFile : IModelFile
{
    private readonly IModelFile _source;
    private readonly List<NativeBuffer<byte>> _buffers = [];

    /// <summary>Opens the model and edits it.</summary>
    /// <param name="path">A model.</param>
    /// <param name="edit">Gives a tensor another format and its rows in that, or leaves it as it is: null.</param>
    /// <param name="plan">Its plan from now on; null = as it is.</param>
    public EditedModelFile(
        string path,
        Func<StoredTensor, (WeightFormat Format, byte[] Data)?> edit,
        LayerPlan? plan = null
    )
    {
        _source = ModelFiles.Open(path);
        Plan = plan ?? _source.Plan;
        Tensors =
        [
            .. _source.Tensors.Select(tensor =>
                edit(tensor) is { } edited ? Edited(tensor, edited.Format, edited.Data) : tensor
            ),
        ];
    }

    public string Path => _source.Path;

    public string Form => "edited";

    public LayerPlan Plan { get; }

    public IReadOnlyList<StoredTensor> Tensors { get; }

    public IReadOnlyList<KeyValuePair<string, string>> Metadata => _source.Metadata;

    public TokenizerData? Tokenizer => _source.Tokenizer;

    /// <summary>Another plan over the same tensors.</summary>
    public static EditedModelFile WithPlan(string path, LayerPlan plan) =>
        new(path, _ => null, plan);

    /// <summary>Other values of one tensor, in f32.</summary>
    public static EditedModelFile WithValues(string path, string name, Action<float[]> edit) =>
        new(
            path,
            tensor =>
            {
                if (tensor.Name != name)
                {
                    return null;
                }

                var values = Values(tensor);
                edit(values);
                return (WeightFormats.F32, F32(values));
            }
        );

    /// <summary>
    /// All matrices coded anew in a format that no file form knows, what a method would hand to the loader, or decoded from
    /// that to f32. Matrices whose rows the format does not divide stay as they are.
    /// </summary>
    public static EditedModelFile Recoded(string path, WeightFormat format, bool decoded) =>
        new(
            path,
            tensor =>
            {
                if (tensor.Shape.Count != 2 || tensor.Shape[1] % format.BlockSize != 0)
                {
                    return null;
                }

                var values = Values(tensor);
                var coded = new byte[tensor.Shape[0] * format.RowBytes(tensor.Shape[1])];
                format.EncodeRow(values, coded);
                if (!decoded)
                {
                    return (format, coded);
                }

                format.DecodeRow(coded, values);
                return (WeightFormats.F32, F32(values));
            }
        );

    public void Dispose()
    {
        _buffers.ForEach(buffer => buffer.Dispose());
        _source.Dispose();
    }

    private static float[] Values(StoredTensor tensor)
    {
        var values = new float[tensor.Elements];
        tensor.Format.DecodeRow(tensor.Data.ToArray(), values);
        return values;
    }

    private static byte[] F32(float[] values)
    {
        var data = new byte[sizeof(float) * values.Length];
        WeightFormats.F32.EncodeRow(values, data);
        return data;
    }

    private StoredTensor Edited(StoredTensor tensor, WeightFormat format, byte[] data)
    {
        var buffer = new NativeBuffer<byte>(data.Length);
        data.CopyTo(buffer.Span.Span);
        _buffers.Add(buffer);
        return new StoredTensor
        {
            Name = tensor.Name,
            StoredName = tensor.StoredName,
            Format = format,
            Shape = tensor.Shape,
            Data = new MemoryBytes(buffer.Span),
            RowOrder = tensor.RowOrder,
        };
    }
}
