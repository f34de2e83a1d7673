; The installer for Windows: for one user, without an administrator. packaging/installers.py defines VERSION, FILES (the
; folder with all files), TARGET and KILOBYTES.
Target amd64-unicode
Unicode true
RequestExecutionLevel user
SetCompressor lzma
Name "Tunesmith"
OutFile "${TARGET}"
InstallDir "$LOCALAPPDATA\Programs\Tunesmith"
InstallDirRegKey HKCU "Software\Tunesmith" "folder"
!include "MUI2.nsh"
!define MUI_ICON "${FILES}/tunesmith.ico"
!define MUI_UNICON "${FILES}/tunesmith.ico"
!define START "run --no-project --managed-python --python 3.12 --gui-script"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\Tunesmith"
!define MUI_FINISHPAGE_RUN
!define MUI_FINISHPAGE_RUN_FUNCTION Start
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "German"
VIProductVersion "${VERSION}.0"
VIAddVersionKey "ProductName" "Tunesmith"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "FileDescription" "Tunesmith installer"
VIAddVersionKey "LegalCopyright" "Apache-2.0"
LangString FETCHING ${LANG_ENGLISH} "Downloading Python"
LangString FETCHING ${LANG_GERMAN} "Python wird heruntergeladen"
LangString NOT_FETCHED ${LANG_ENGLISH} "Python can't be downloaded. Check the connection and try again, or cancel: the first start downloads it."
LangString NOT_FETCHED ${LANG_GERMAN} "Python lässt sich nicht herunterladen. Prüfen Sie die Verbindung und versuchen Sie es noch einmal, oder brechen Sie ab: Der erste Start lädt es herunter."
LangString REMOVE_DATA ${LANG_ENGLISH} "Delete your runs, adapters and settings as well? This can't be undone."
LangString REMOVE_DATA ${LANG_GERMAN} "Auch Ihre Läufe, Adapter und Einstellungen löschen? Das lässt sich nicht rückgängig machen."
LangString RUNNING ${LANG_ENGLISH} "Tunesmith is running. Close it and try again."
LangString RUNNING ${LANG_GERMAN} "Tunesmith läuft. Schließen Sie es und versuchen Sie es noch einmal."

; The file of a running program can't be written. uv runs as long as what it started.
!macro UNTIL_CLOSED PROGRAM
  !define ID ${__LINE__}
again${ID}:
  ClearErrors
  IfFileExists "$INSTDIR\${PROGRAM}" 0 closed${ID}
  FileOpen $0 "$INSTDIR\${PROGRAM}" a
  IfErrors 0 free${ID}
  MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(RUNNING)" /SD IDCANCEL IDRETRY again${ID}
  Abort
free${ID}:
  FileClose $0
closed${ID}:
  !undef ID
!macroend

; What an earlier version left must not be imported by this one.
!macro REMOVE_PROGRAM
  !insertmacro UNTIL_CLOSED "uv.exe"
  !insertmacro UNTIL_CLOSED "uvw.exe"
  RMDir /r "$INSTDIR\engine"
  RMDir /r "$INSTDIR\gui"
  RMDir /r "$INSTDIR\resources"
  RMDir /r "$INSTDIR\packaging"
  RMDir /r "$INSTDIR\tunesmith.dist-info"
!macroend

; Offers "Open with" for files that Tunesmith reads, and opens what nothing else does.
!macro OPENS ENDING
  WriteRegStr HKCU "Software\Classes\${ENDING}\OpenWithProgids" "Tunesmith.File" ""
!macroend
!macro OPENS_NO_MORE ENDING
  DeleteRegValue HKCU "Software\Classes\${ENDING}\OpenWithProgids" "Tunesmith.File"
!macroend

Function Start
  ExecShell "" "$SMPROGRAMS\Tunesmith.lnk"
FunctionEnd

Section "Install"
  !insertmacro REMOVE_PROGRAM
  SetOutPath "$INSTDIR"
  File /r "${FILES}/*.*"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\Tunesmith.lnk" "$INSTDIR\uvw.exe" '${START} "$INSTDIR\packaging\launcher.py"' "$INSTDIR\tunesmith.ico"
  WriteRegStr HKCU "Software\Tunesmith" "folder" "$INSTDIR"
  WriteRegStr HKCU "Software\Classes\Tunesmith.File" "" "Tunesmith"
  WriteRegStr HKCU "Software\Classes\Tunesmith.File\DefaultIcon" "" "$INSTDIR\tunesmith.ico"
  WriteRegStr HKCU "Software\Classes\Tunesmith.File\shell\open\command" "" '"$INSTDIR\uvw.exe" ${START} "$INSTDIR\packaging\launcher.py" "%1"'
  !insertmacro OPENS ".toml"
  !insertmacro OPENS ".jsonl"
  !insertmacro OPENS ".csv"
  !insertmacro OPENS ".zip"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayName" "Tunesmith"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayIcon" "$INSTDIR\tunesmith.ico"
  WriteRegStr HKCU "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL}" "EstimatedSize" ${KILOBYTES}
  WriteRegDWORD HKCU "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL}" "NoRepair" 1
  ; Without a connection the first start does it. It is in uv's own folder, and stays: others may use it.
fetch:
  DetailPrint "$(FETCHING)"
  nsExec::ExecToLog '"$INSTDIR\uv.exe" python install --no-bin --no-registry 3.12'
  Pop $0
  StrCmp $0 0 fetched
  MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(NOT_FETCHED)" /SD IDCANCEL IDRETRY fetch
fetched:
SectionEnd

Section "Uninstall"
  !insertmacro REMOVE_PROGRAM
  Delete "$INSTDIR\*.*"
  RMDir /r "$INSTDIR\licences"
  RMDir "$INSTDIR"
  Delete "$SMPROGRAMS\Tunesmith.lnk"
  DeleteRegKey HKCU "${UNINSTALL}"
  DeleteRegKey HKCU "Software\Tunesmith"
  DeleteRegKey HKCU "Software\Classes\Tunesmith.File"
  !insertmacro OPENS_NO_MORE ".toml"
  !insertmacro OPENS_NO_MORE ".jsonl"
  !insertmacro OPENS_NO_MORE ".csv"
  !insertmacro OPENS_NO_MORE ".zip"
  RMDir /r "$LOCALAPPDATA\tunesmith\environments"
  MessageBox MB_YESNO|MB_ICONQUESTION|MB_DEFBUTTON2 "$(REMOVE_DATA)" /SD IDNO IDNO kept
  RMDir /r "$LOCALAPPDATA\tunesmith"
kept:
SectionEnd
