namespace Puna.Engine.Files;

/// <summary>Forms in which a model can be written.</summary>
internal enum ModelOutputForm
{
    /// <summary>One GGUF file.</summary>
    Gguf,

    /// <summary>One safetensors file with its config.json beside it.</summary>
    Safetensors,

    /// <summary>A folder of config.json, model.safetensors and what else there is.</summary>
    Folder,
}
