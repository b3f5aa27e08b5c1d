export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = typeof SHELLS[number];

/** What each shell runs when the user presses Tab: it asks this program for words, one in a line, a tab before its description. */
export const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `# zae-limiter: source this file, or add to ~/.bashrc:  source <(zae-limiter completion bash)
_zae_limiter() {
  local IFS=$'\\n' line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <(zae-limiter complete --current="\${COMP_WORDS[COMP_CWORD]}" -- "\${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null)
}
complete -o default -F _zae_limiter zae-limiter
`,
  zsh: `#compdef zae-limiter
# zae-limiter: put this file as _zae-limiter into a folder of $fpath, or add to ~/.zshrc:  source <(zae-limiter completion zsh)
_zae_limiter() {
  local -a found
  local value description
  while IFS=$'\\t' read -r value description; do
    found+=("\${value//:/\\\\:}:$description")
  done < <(zae-limiter complete --current="\${words[CURRENT]}" -- "\${(@)words[2,CURRENT-1]}" 2>/dev/null)
  if (( $#found )); then _describe 'zae-limiter' found; else _files; fi
}
if [[ $funcstack[1] == _zae-limiter ]]; then _zae_limiter "$@"; else compdef _zae_limiter zae-limiter; fi
`,
  fish: `# zae-limiter: put this file as zae-limiter.fish into ~/.config/fish/completions
function __zae_limiter_complete
  set -l before (commandline -opc)
  set -l current (commandline -ct)
  zae-limiter complete --current="$current" -- $before[2..-1] 2>/dev/null
end
complete -c zae-limiter -a '(__zae_limiter_complete)'
`,
  powershell: `# zae-limiter: add to $PROFILE:  zae-limiter completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName zae-limiter -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $before = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
  zae-limiter complete "--current=$wordToComplete" -- @before 2>$null | ForEach-Object {
    $value, $description = $_ -split "\`t", 2
    if (-not $description) { $description = $value }
    [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $description)
  }
}
`,
};
