using Puna.Engine.Files;
using Puna.Engine.Files.Models;
using Puna.Engine.Files.Storage;
using Puna.Engine.Plan;
using Puna.Engine.Text;
using Puna.Kernels.Formats;
using Puna.Kernels.Memory;

namespace Puna.Engine.Tests.Files;

/// <summary>A model in which some tensors have other values, in f32, or which has another plan of the same tensors.</summary>
internal sealed class EditedModelFile : IModelFile
{
    private readonly IModelFile _source;
    private readonly List<NativeBuffer<float>> _buffers = [];

    /// <summary>Opens the model and edits it.</summary>
    /// <param name="path">A model.</param>
    /// <param name="plan">Its plan from now on; null = as it is.</param>
    /// <param name="edits">By the name of a tensor: what changes its values in place.</param>
    public EditedModelFile(
        string path,
        LayerPlan? plan = null,
        IReadOnlyDictionary<string, Action<float[]>>? edits = null
    )
    {
        _source = ModelFiles.Open(path);
        Plan = plan ?? _source.Plan;
        Tensors =
        [
            .. _source.Tensors.Select(tensor =>
                edits is not null && edits.TryGetValue(tensor.Name, out var edit)
                    ? Edited(tensor, edit)
                    : tensor
            ),
        ];
    }

    public string Path => _source.Path;

    public string Form => "edited";

    public LayerPlan Plan { get; }

    public IReadOnlyList<StoredTensor> Tensors { get; }

    public IReadOnlyList<KeyValuePair<string, string>> Metadata => _source.Metadata;

    public TokenizerData? Tokenizer => _source.Tokenizer;

    public void Dispose()
    {
        _buffers.ForEach(buffer => buffer.Dispose());
        _source.Dispose();
    }

    private StoredTensor Edited(StoredTensor tensor, Action<float[]> edit)
    {
        var values = new float[tensor.Elements];
        tensor.Format.DecodeRow(tensor.Data.Span, values);
        edit(values);
        var buffer = new NativeBuffer<float>(values.Length);
        values.CopyTo(buffer.Span.Span);
        _buffers.Add(buffer);
        return new StoredTensor
        {
            Name = tensor.Name,
            StoredName = tensor.StoredName,
            Format = WeightFormats.F32,
            Shape = tensor.Shape,
            Data = buffer.Span.Cast<byte>(),
            RowOrder = tensor.RowOrder,
            GiveBack = static () => { },
        };
    }
}
