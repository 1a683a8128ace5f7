using Puna.Engine.Files.Storage;
using Puna.Engine.Plan;
using Puna.Engine.Text;

namespace Puna.Engine.Files.Models;

/// <summary>An opened model in any of the readable forms: everything was checked at the border, nothing is copied.</summary>
public interface IModelFile : IDisposable
{
    /// <summary>The path that was opened.</summary>
    string Path { get; }

    /// <summary>Which form it is, for people: <c>GGUF v3</c>, <c>safetensors (6 shards)</c>, <c>llama2.c version 1</c>.</summary>
    string Form { get; }

    /// <summary>The plan that the file states, or that of its configuration where it states none.</summary>
    LayerPlan Plan { get; }

    /// <summary>The facts of the model.</summary>
    ModelConfig Config => Plan.Config;

    /// <summary>All tensors, in file order.</summary>
    IReadOnlyList<StoredTensor> Tensors { get; }

    /// <summary>Metadata as text, for <c>puna inspect</c>: key and a short rendering of the value.</summary>
    IReadOnlyList<KeyValuePair<string, string>> Metadata { get; }

    /// <summary>The tokenizer that belongs to the model, or null when there is none in or beside the file.</summary>
    TokenizerData? Tokenizer { get; }
}
